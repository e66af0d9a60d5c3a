; Installs SealDesk for the person who runs it, without an administrator. An administrator installs it for a machine by
; sealdesk-…-setup.exe /S /D=C:\Program Files\SealDesk, run as the person or by the software distribution.
Unicode true
ManifestDPIAware true
RequestExecutionLevel user
SetCompressor /SOLID lzma
SetDateSave off
CRCCheck force

!include "MUI2.nsh"

Name "SealDesk"
OutFile "${OUT}"
InstallDir "$LOCALAPPDATA\Programs\SealDesk"
InstallDirRegKey HKCU "Software\SealDesk" "InstallDir"
VIProductVersion "${NUMBERS}"
VIAddVersionKey "ProductName" "SealDesk"
VIAddVersionKey "FileDescription" "SealDesk"
VIAddVersionKey "FileVersion" "${VERSION}"
VIAddVersionKey "ProductVersion" "${VERSION}"
VIAddVersionKey "LegalCopyright" "Apache-2.0"

!define MUI_ICON "${ICON}"
!define MUI_UNICON "${ICON}"
!define MUI_FINISHPAGE_RUN "$INSTDIR\sealdesk.exe"
!insertmacro MUI_PAGE_LICENSE "${TREE}/LICENSE.txt"
!insertmacro MUI_PAGE_DIRECTORY
!insertmacro MUI_PAGE_INSTFILES
!insertmacro MUI_PAGE_FINISH
!insertmacro MUI_UNPAGE_CONFIRM
!insertmacro MUI_UNPAGE_INSTFILES
!insertmacro MUI_LANGUAGE "SimpChinese"
!insertmacro MUI_LANGUAGE "English"

LangString Running ${LANG_SIMPCHINESE} "政采签章正在运行。请先关闭它，然后点“重试”。"
LangString Running ${LANG_ENGLISH} "SealDesk is running. Please close it, then press Retry."
LangString Kept ${LANG_SIMPCHINESE} "草稿、印章和发件箱都保留在：$\n$APPDATA\sealdesk$\n$\n重新安装后可继续使用；确定不再需要时，可自行删除该文件夹。"
LangString Kept ${LANG_ENGLISH} "Your drafts, seals and outbox were kept in:$\n$APPDATA\sealdesk$\n$\nThey are there again after the next installation. Delete that folder yourself if you need them no more."
LangString Title ${LANG_SIMPCHINESE} "政采签章"
LangString Title ${LANG_ENGLISH} "SealDesk"
LangString BidFile ${LANG_SIMPCHINESE} "加密投标文件"
LangString BidFile ${LANG_ENGLISH} "Encrypted bid"
LangString SealFile ${LANG_SIMPCHINESE} "电子印章"
LangString SealFile ${LANG_ENGLISH} "Electronic seal"

!define UNINSTALL "Software\Microsoft\Windows\CurrentVersion\Uninstall\SealDesk"
!define CLASSES "Software\Classes"

Section "SealDesk"
  SetOutPath "$INSTDIR"
  ; A program that runs cannot be replaced: nothing is half installed.
again:
  ClearErrors
  FileOpen $0 "$INSTDIR\sealdesk.exe" a
  IfErrors 0 free
  IfFileExists "$INSTDIR\sealdesk.exe" 0 free
  MessageBox MB_RETRYCANCEL|MB_ICONEXCLAMATION "$(Running)" /SD IDCANCEL IDRETRY again
  Abort
free:
  FileClose $0
  ; By name, for the order of a folder's files is the disk's, and the bytes of the installer would be, too.
  File "${TREE}/sealdesk.exe"
  File "${TREE}/sealctl.exe"
  File "${TREE}/tokenhost.exe"
  File "${TREE}/tokenhost-386.exe"
  File "${TREE}/LICENSE.txt"
  File "${TREE}/OFL.txt"
  File "${TREE}/NOTICES.txt"
  File "${TREE}/CHANGES.md"
  File "/oname=sealdesk.ico" "${ICON}"
  WriteUninstaller "$INSTDIR\uninstall.exe"
  CreateShortCut "$SMPROGRAMS\$(Title).lnk" "$INSTDIR\sealdesk.exe"

  WriteRegStr HKCU "Software\SealDesk" "InstallDir" "$INSTDIR"
  WriteRegStr HKCU "Software\SealDesk" "Shortcut" "$SMPROGRAMS\$(Title).lnk"
  WriteRegStr HKCU "${UNINSTALL}" "DisplayName" "$(Title)"
  WriteRegStr HKCU "${UNINSTALL}" "DisplayVersion" "${VERSION}"
  WriteRegStr HKCU "${UNINSTALL}" "Publisher" "SealDesk"
  WriteRegStr HKCU "${UNINSTALL}" "DisplayIcon" "$INSTDIR\sealdesk.ico"
  WriteRegStr HKCU "${UNINSTALL}" "InstallLocation" "$INSTDIR"
  WriteRegStr HKCU "${UNINSTALL}" "UninstallString" '"$INSTDIR\uninstall.exe"'
  WriteRegStr HKCU "${UNINSTALL}" "QuietUninstallString" '"$INSTDIR\uninstall.exe" /S'
  WriteRegDWORD HKCU "${UNINSTALL}" "NoModify" 1
  WriteRegDWORD HKCU "${UNINSTALL}" "NoRepair" 1

  ; Links of the platform's pages, bids and seals. PDF files are offered to be opened with SealDesk, not taken over.
  WriteRegStr HKCU "${CLASSES}\sealdesk" "" "URL:SealDesk"
  WriteRegStr HKCU "${CLASSES}\sealdesk" "URL Protocol" ""
  WriteRegStr HKCU "${CLASSES}\sealdesk\shell\open\command" "" '"$INSTDIR\sealdesk.exe" -- "%1"'
  WriteRegStr HKCU "${CLASSES}\SealDesk.Bid" "" "$(BidFile)"
  WriteRegStr HKCU "${CLASSES}\SealDesk.Bid\DefaultIcon" "" "$INSTDIR\sealdesk.ico"
  WriteRegStr HKCU "${CLASSES}\SealDesk.Bid\shell\open\command" "" '"$INSTDIR\sealdesk.exe" -- "%1"'
  WriteRegStr HKCU "${CLASSES}\.bid" "" "SealDesk.Bid"
  WriteRegStr HKCU "${CLASSES}\SealDesk.Seal" "" "$(SealFile)"
  WriteRegStr HKCU "${CLASSES}\SealDesk.Seal\DefaultIcon" "" "$INSTDIR\sealdesk.ico"
  WriteRegStr HKCU "${CLASSES}\SealDesk.Seal\shell\open\command" "" '"$INSTDIR\sealdesk.exe" -- "%1"'
  WriteRegStr HKCU "${CLASSES}\.esl\OpenWithProgids" "SealDesk.Seal" ""
  WriteRegStr HKCU "${CLASSES}\Applications\sealdesk.exe\shell\open\command" "" '"$INSTDIR\sealdesk.exe" -- "%1"'
  WriteRegStr HKCU "${CLASSES}\Applications\sealdesk.exe\SupportedTypes" ".pdf" ""
  WriteRegStr HKCU "${CLASSES}\.pdf\OpenWithList\sealdesk.exe" "" ""
  System::Call 'shell32::SHChangeNotify(i 0x08000000, i 0, p 0, p 0)'
SectionEnd

Section "Uninstall"
again:
  ClearErrors
  FileOpen $0 "$INSTDIR\sealdesk.exe" a
  IfErrors 0 free
  IfFileExists "$INSTDIR\sealdesk.exe" 0 free
  MessageBox MB_RETRYCANCEL|MB_ICONEXCLAMATION "$(Running)" /SD IDCANCEL IDRETRY again
  Abort
free:
  FileClose $0
  ReadRegStr $1 HKCU "Software\SealDesk" "Shortcut"
  StrCmp $1 "" +2
  Delete "$1"
  ; Exactly what was installed: a folder that a person put something into stays with it.
  Delete "$INSTDIR\sealdesk.exe"
  Delete "$INSTDIR\sealctl.exe"
  Delete "$INSTDIR\tokenhost.exe"
  Delete "$INSTDIR\tokenhost-386.exe"
  Delete "$INSTDIR\LICENSE.txt"
  Delete "$INSTDIR\OFL.txt"
  Delete "$INSTDIR\NOTICES.txt"
  Delete "$INSTDIR\CHANGES.md"
  Delete "$INSTDIR\sealdesk.ico"
  Delete "$INSTDIR\uninstall.exe"
  RMDir "$INSTDIR"
  DeleteRegKey HKCU "${UNINSTALL}"
  DeleteRegKey HKCU "Software\SealDesk"
  DeleteRegKey HKCU "${CLASSES}\sealdesk"
  DeleteRegKey HKCU "${CLASSES}\SealDesk.Bid"
  DeleteRegKey HKCU "${CLASSES}\SealDesk.Seal"
  ReadRegStr $1 HKCU "${CLASSES}\.bid" ""
  StrCmp $1 "SealDesk.Bid" 0 +2
  DeleteRegKey HKCU "${CLASSES}\.bid"
  DeleteRegValue HKCU "${CLASSES}\.esl\OpenWithProgids" "SealDesk.Seal"
  DeleteRegKey HKCU "${CLASSES}\Applications\sealdesk.exe"
  DeleteRegKey HKCU "${CLASSES}\.pdf\OpenWithList\sealdesk.exe"
  IfFileExists "$APPDATA\sealdesk\*.*" 0 done
  MessageBox MB_OK|MB_ICONINFORMATION "$(Kept)" /SD IDOK
done:
SectionEnd
